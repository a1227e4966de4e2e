import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.Option;
import com.jayway.jsonpath.spi.json.JacksonJsonProvider;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;

/**
 * Reads one case a line, {"template", "body", "context", "stageVariables", "params"}, renders it with Apache Velocity and the objects of
 * API Gateway's mapping template reference, and answers one line, `= ` and {"text", "context"} or {"error"}.
 */
public final class Referee {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Configuration PATHS =
      Configuration.builder()
          .jsonProvider(new JacksonJsonProvider())
          .options(Option.SUPPRESS_EXCEPTIONS)
          .build();

  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    VelocityEngine engine = new VelocityEngine();
    // As Velocity 1.7, which API Gateway's reference describes: "" is a value like another in #if.
    engine.setProperty("directive.if.empty_check", false);
    // As 1.7 too: white space before a directive is printed.
    engine.setProperty("parser.space_gobbling", "bc");
    // As 1.7 too: a name may have a hyphen, as those of headers do.
    engine.setProperty("parser.allow_hyphen_in_identifiers", true);
    engine.init();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println("= " + JSON.writeValueAsString(render(engine, JSON.readTree(line))));
    }
  }

  private static Map<String, Object> render(VelocityEngine engine, JsonNode given) {
    Map<String, Object> answer = new LinkedHashMap<>();
    try {
      Object context = JSON.convertValue(given.get("context"), Map.class);
      VelocityContext variables = new VelocityContext();
      variables.put("input", new Input(given));
      variables.put("util", new Util());
      variables.put("context", context);
      variables.put("stageVariables", JSON.convertValue(given.get("stageVariables"), Map.class));
      StringWriter text = new StringWriter();
      engine.evaluate(variables, text, "template", given.get("template").asText());
      answer.put("text", text.toString());
      answer.put("context", context);
    } catch (Exception e) {
      answer.put("error", String.valueOf(e.getMessage()));
    }
    return answer;
  }

  /** `$input` of the reference. */
  public static final class Input {
    private final String body;
    private final Map<String, String> params = new HashMap<>();

    Input(JsonNode given) {
      body = given.get("body").asText();
      given.path("params").properties().forEach(e -> params.put(e.getKey(), e.getValue().asText()));
    }

    public String getBody() {
      return body;
    }

    public Object path(String expression) {
      Object found = JsonPath.using(PATHS).parse(body.isEmpty() ? "{}" : body).read(expression);
      return found == null ? "" : found;
    }

    public String json(String expression) throws Exception {
      return JSON.writeValueAsString(path(expression));
    }

    public String params(String name) {
      return params.getOrDefault(name, "");
    }
  }

  /** `$util` of the reference. */
  public static final class Util {
    public String base64Encode(String text) {
      return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    public String base64Decode(String text) {
      return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    public String urlEncode(String text) {
      return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    public String urlDecode(String text) {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    public Object parseJson(String text) throws Exception {
      return JSON.readValue(text, Object.class);
    }

    /** As Apache Commons Lang's StringEscapeUtils.escapeJavaScript, which the reference's advice on single quotes points at. */
    public String escapeJavaScript(String text) {
      StringBuilder out = new StringBuilder();
      for (char c : text.toCharArray()) {
        switch (c) {
          case '"': out.append("\\\""); break;
          case '\'': out.append("\\'"); break;
          case '\\': out.append("\\\\"); break;
          case '/': out.append("\\/"); break;
          case '\n': out.append("\\n"); break;
          case '\r': out.append("\\r"); break;
          case '\t': out.append("\\t"); break;
          case '\b': out.append("\\b"); break;
          case '\f': out.append("\\f"); break;
          default:
            if (c < 32 || c > 126) out.append(String.format("\\u%04X", (int) c));
            else out.append(c);
        }
      }
      return out.toString();
    }
  }

  private Referee() {}
}
