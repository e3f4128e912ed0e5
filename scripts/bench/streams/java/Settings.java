import java.util.HashMap;
import java.util.Map;

/** The arguments, each written name=value. */
final class Settings {
  private final Map<String, String> values = new HashMap<>();

  Settings(String[] arguments) {
    for (String argument : arguments) {
      int at = argument.indexOf('=');
      values.put(argument.substring(0, at), argument.substring(at + 1));
    }
  }

  String text(String name) {
    String value = values.get(name);
    if (value == null) throw new IllegalArgumentException("the argument " + name + "= is missing");
    return value;
  }

  int number(String name) {
    return Integer.parseInt(text(name));
  }
}
