package redstream.sqlrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * The property group of this application. The service writes all groups to one JSON file:
 * [{"PropertyGroupId": "...", "PropertyMap": {"name": "value"}}].
 */
final class Properties {
    static final String GROUP = "SqlRunner";

    private static final Pattern SCRIPT = Pattern.compile("script\\.([1-9][0-9]*)");

    private Properties() {}

    static Map<String, String> read(Path file) throws IOException {
        if (!Files.exists(file)) throw new ScriptException("no properties file at " + file + "; give the application a property group " + GROUP);
        return parse(Files.readString(file));
    }

    static Map<String, String> parse(String json) throws IOException {
        JsonNode groups = new ObjectMapper().readTree(json);
        List<String> seen = new ArrayList<>();
        for (JsonNode group : groups) {
            String id = group.path("PropertyGroupId").asText();
            seen.add(id);
            if (!GROUP.equals(id)) continue;
            Map<String, String> map = new LinkedHashMap<>();
            group.path("PropertyMap").fields().forEachRemaining(e -> map.put(e.getKey(), e.getValue().asText()));
            return map;
        }
        throw new ScriptException("no property group " + GROUP + "; the application has " + (seen.isEmpty() ? "none" : String.join(", ", seen)));
    }

    /** The values of script.1, script.2, ... in the order of their numbers. A gap is an error: a statement would be lost in silence. */
    static List<String> scripts(Map<String, String> properties) {
        TreeMap<Integer, String> found = new TreeMap<>();
        properties.forEach((name, value) -> {
            Matcher m = SCRIPT.matcher(name);
            if (m.matches()) found.put(Integer.parseInt(m.group(1)), value);
        });
        if (found.isEmpty()) throw new ScriptException("property script.1 is missing; group " + GROUP + " has " + String.join(", ", properties.keySet()));
        for (int i = 1; i <= found.size(); i++)
            if (!found.containsKey(i)) throw new ScriptException("property script." + i + " is missing, although there is script." + found.lastKey());
        return new ArrayList<>(found.values());
    }
}
