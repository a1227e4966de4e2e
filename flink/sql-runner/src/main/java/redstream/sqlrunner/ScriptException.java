package redstream.sqlrunner;

/** A script or its properties are wrong. The message is for the person who wrote them. */
final class ScriptException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ScriptException(String message) {
        super(message);
    }
}
