package redstream.sqlrunner;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/** Runs the SQL script of the application's properties as one Flink job. It knows no pipeline. */
public final class SqlRunner {
    /** Where Managed Service for Apache Flink writes the runtime properties. Another place for a run elsewhere: -Dredstream.properties=FILE. */
    private static final String PROPERTIES_FILE = "/etc/flink/application_properties.json";

    private static final Pattern SET = Pattern.compile("(?is)SET\\s+'([^']+)'\\s*=\\s*'([^']*)'");
    private static final Pattern INSERT = Pattern.compile("(?is)INSERT\\b.*");

    private SqlRunner() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> properties = Properties.read(Path.of(System.getProperty("redstream.properties", PROPERTIES_FILE)));
        List<String> statements = Script.statements(Properties.scripts(properties), properties);
        checkHasInsert(statements);

        StreamTableEnvironment tables =
                StreamTableEnvironment.create(StreamExecutionEnvironment.getExecutionEnvironment(), EnvironmentSettings.inStreamingMode());
        StatementSet inserts = tables.createStatementSet();
        for (int i = 0; i < statements.size(); i++) {
            try {
                run(statements.get(i), tables, inserts);
            } catch (RuntimeException e) {
                throw new IllegalArgumentException("statement " + (i + 1) + " of " + statements.size() + ": " + e.getMessage() + "\n" + statements.get(i), e);
            }
        }
        inserts.execute(); // one job, however many INSERTs: one set of checkpoints, each stream read once
    }

    private static void run(String statement, StreamTableEnvironment tables, StatementSet inserts) {
        Matcher set = SET.matcher(statement);
        if (set.matches()) tables.getConfig().set(set.group(1), set.group(2));
        else if (INSERT.matcher(statement).matches()) inserts.addInsertSql(statement);
        else tables.executeSql(statement);
    }

    static void checkHasInsert(List<String> statements) {
        for (String statement : statements) if (INSERT.matcher(statement).matches()) return;
        throw new ScriptException(
                String.format(Locale.ROOT, "the script has %d statements and no INSERT among them: it would deliver nothing", statements.size()));
    }
}
