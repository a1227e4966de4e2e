package redstream.sqlrunner;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PropertiesTest {
    @Test
    void readsItsOwnGroup() throws Exception {
        String json = "[{\"PropertyGroupId\":\"Other\",\"PropertyMap\":{\"a\":\"0\"}},{\"PropertyGroupId\":\"SqlRunner\",\"PropertyMap\":{\"a\":\"1\"}}]";
        assertEquals(Map.of("a", "1"), Properties.parse(json));
    }

    @Test
    void namesTheGroupsThereAreWhenItsOwnIsMissing() {
        String message = assertThrows(ScriptException.class, () -> Properties.parse("[{\"PropertyGroupId\":\"Other\"}]")).getMessage();
        assertEquals("no property group SqlRunner; the application has Other", message);
    }

    @Test
    void saysThatTheFileIsMissing() {
        String message = assertThrows(ScriptException.class, () -> Properties.read(Path.of("none.json"))).getMessage();
        assertEquals("no properties file at none.json; give the application a property group SqlRunner", message);
    }

    @Test
    void ordersScriptsByNumber() {
        Map<String, String> p = new TreeMap<>();
        for (int i = 1; i <= 10; i++) p.put("script." + i, "S" + i);
        assertEquals(List.of("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10"), Properties.scripts(p));
    }

    @Test
    void refusesAGapInTheNumbers() {
        String message = assertThrows(ScriptException.class, () -> Properties.scripts(Map.of("script.1", "", "script.3", ""))).getMessage();
        assertEquals("property script.2 is missing, although there is script.3", message);
    }

    @Test
    void refusesAGroupWithoutScript() {
        String message = assertThrows(ScriptException.class, () -> Properties.scripts(Map.of("a", "1"))).getMessage();
        assertEquals("property script.1 is missing; group SqlRunner has a", message);
    }
}
