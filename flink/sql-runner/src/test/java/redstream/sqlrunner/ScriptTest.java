package redstream.sqlrunner;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScriptTest {
    private static List<String> statements(String sql, Map<String, String> properties) {
        return Script.statements(List.of(sql), properties);
    }

    private static String error(String sql, Map<String, String> properties) {
        return assertThrows(ScriptException.class, () -> statements(sql, properties)).getMessage();
    }

    @Test
    void splitsAtSemicolonsOutsideOfLiteralsNamesAndComments() {
        assertEquals(
                List.of("SELECT ';' AS `a;b`", "SELECT 2"),
                statements("SELECT ';' AS `a;b`; -- one; two\n SELECT /* ; */2;", Map.of()).stream().map(s -> s.replaceAll("\\s+", " ")).collect(java.util.stream.Collectors.toList()));
    }

    @Test
    void runsPropertiesInOrder() {
        assertEquals(List.of("A", "B", "C"), Script.statements(List.of("A", "B;C"), Map.of()));
    }

    @Test
    void doublesTheQuotesOfAValueInsideALiteral() {
        assertEquals(List.of("'it''s'"), statements("'${v}'", Map.of("v", "it's")));
    }

    @Test
    void doublesTheBackquotesOfAValueInsideAName() {
        assertEquals(List.of("`a``b`"), statements("`${v}`", Map.of("v", "a`b")));
    }

    @Test
    void insertsTextOutsideOfLiteralsAsItIs() {
        assertEquals(List.of("FROM (SELECT 'a;b' FROM t)"), statements("FROM (${select})", Map.of("select", "SELECT 'a;b' FROM t")));
    }

    @Test
    void substitutesOnce() {
        assertEquals(List.of("'${b}'"), statements("'${a}'", Map.of("a", "${b}", "b", "x")));
    }

    @Test
    void keepsHints() {
        assertEquals(List.of("SELECT /*+ OPTIONS('a'='b') */ 1"), statements("SELECT /*+ OPTIONS('a'='b') */ 1", Map.of()));
    }

    @Test
    void namesTheStatementOfAMissingProperty() {
        assertEquals("script.1, statement 2: no property b in group SqlRunner, which has a", error("X; Y '${b}'", Map.of("a", "1")));
    }

    @Test
    void namesTheStatementOfAnUnterminatedLiteral() {
        assertEquals("script.1, statement 2: unterminated literal ' near oops", error("X; Y 'oops", Map.of()));
    }

    @Test
    void refusesTextThatWouldChangeWhatStandsAroundIt() {
        assertEquals("script.1, statement 1, ${s}: a comment; take it out", error("(${s})", Map.of("s", "SELECT 1 -- all")));
        assertEquals("script.1, statement 1, ${s}: a semicolon, but one statement's part is wanted", error("(${s})", Map.of("s", "a;b")));
        assertEquals("script.1, statement 1, ${s}: unterminated literal ' near x", error("(${s})", Map.of("s", "'x")));
    }

    @Test
    void refusesAScriptWithoutInsert() {
        String message = assertThrows(ScriptException.class, () -> SqlRunner.checkHasInsert(List.of("CREATE TABLE t (a INT)"))).getMessage();
        assertEquals("the script has 1 statements and no INSERT among them: it would deliver nothing", message);
    }
}
