package redstream.sqlrunner;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Statements out of script properties.
 *
 * <p>The rule of substitution, by where ${name} stands:
 * <ul>
 *   <li>inside '...' it is a value: its quotes are doubled, so it cannot end the literal;
 *   <li>inside `...` it is a name: its backquotes are doubled;
 *   <li>anywhere else it is SQL text, inserted as it is. It must be whole in itself (no open literal or comment, no semicolon).
 * </ul>
 * It is done once: a ${name} in a value stays as it is. Comments are dropped (hints, /*+ ... *&#47;, stay).
 */
final class Script {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([A-Za-z0-9_.-]+)}");

    private Script() {}

    static List<String> statements(List<String> scripts, Map<String, String> properties) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < scripts.size(); i++) statements("script." + (i + 1), scripts.get(i), properties, all);
        return all;
    }

    private static void statements(String property, String sql, Map<String, String> properties, List<String> into) {
        StringBuilder statement = new StringBuilder();
        int number = 1;
        for (int i = 0; i < sql.length(); ) {
            String where = property + ", statement " + number;
            char c = sql.charAt(i);
            int end = endOfPart(sql, i, where);
            String part = sql.substring(i, end);
            if (isComment(part)) statement.append(' ');
            else if (c == '\'' || c == '`') statement.append(substitute(part, properties, where, String.valueOf(c)));
            else if (c == ';') {
                number += add(statement, into);
                statement.setLength(0);
            } else statement.append(substitute(part, properties, where, ""));
            i = end;
        }
        add(statement, into);
    }

    private static int add(StringBuilder statement, List<String> into) {
        String text = statement.toString().trim();
        if (text.isEmpty()) return 0;
        into.add(text);
        return 1;
    }

    private static boolean isComment(String part) {
        return part.startsWith("--") || part.startsWith("/*") && !part.startsWith("/*+");
    }

    /** Where the literal, quoted name, comment, semicolon or stretch of plain text that begins at `from` ends. */
    private static int endOfPart(String sql, int from, String where) {
        char c = sql.charAt(from);
        if (c == ';') return from + 1;
        if (sql.startsWith("--", from)) {
            int end = sql.indexOf('\n', from);
            return end < 0 ? sql.length() : end;
        }
        if (sql.startsWith("/*", from)) return after(sql, "*/", from + 2, where, "comment /*");
        if (c == '\'') return after(sql, "'", from + 1, where, "literal '");
        if (c == '`') return after(sql, "`", from + 1, where, "name `");
        int i = from + 1;
        while (i < sql.length() && ";'`".indexOf(sql.charAt(i)) < 0 && !sql.startsWith("--", i) && !sql.startsWith("/*", i)) i++;
        return i;
    }

    private static int after(String sql, String mark, int from, String where, String what) {
        int end = sql.indexOf(mark, from);
        if (end < 0) throw new ScriptException(where + ": unterminated " + what + " near " + sql.substring(from, Math.min(sql.length(), from + 40)));
        return end + mark.length();
    }

    private static String substitute(String part, Map<String, String> properties, String where, String quote) {
        return REFERENCE.matcher(part).replaceAll(m -> {
            String name = m.group(1);
            String value = properties.get(name);
            if (value == null)
                throw new ScriptException(where + ": no property " + name + " in group " + Properties.GROUP + ", which has " + String.join(", ", properties.keySet()));
            if (quote.isEmpty()) checkWhole(value, where + ", ${" + name + "}");
            return Matcher.quoteReplacement(quote.isEmpty() ? value : value.replace(quote, quote + quote));
        });
    }

    /** Text that is inserted must not change what stands around it. */
    private static void checkWhole(String text, String where) {
        for (int i = 0; i < text.length(); ) {
            int end = endOfPart(text, i, where);
            if (text.charAt(i) == ';') throw new ScriptException(where + ": a semicolon, but one statement's part is wanted");
            if (isComment(text.substring(i, end))) throw new ScriptException(where + ": a comment; take it out");
            i = end;
        }
    }
}
