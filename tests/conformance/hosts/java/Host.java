import com.dylibso.chicory.compiler.MachineFactoryCompiler;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.wasm.Parser;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Answers calls with the raw module in Java: one call per line on stdin, one answer per line on stdout. */
final class Host {
    private final Instance module;

    /** Instantiates the module of a file, without an import. */
    Host(File file) {
        var wasm = Parser.parse(file);
        module = Instance.builder(wasm).withMachineFactory(MachineFactoryCompiler::compile).build();
    }

    /** One call of the document boundary, and its answer. */
    String call(String call) {
        var bytes = call.getBytes(StandardCharsets.UTF_8);
        module.memory().write(address(bytes.length), bytes);
        long answer = module.export("warded_call").apply(bytes.length)[0];
        int status = (int) (answer >>> 32);
        int length = (int) answer;
        var document = module.memory().readString(address(length), length, StandardCharsets.UTF_8);
        if ((status != 0) != document.startsWith("{\"error\":")) {
            throw new IllegalStateException("status " + status + " does not fit its answer");
        }
        return document;
    }

    /** Where the exchange buffer lies, with room for so many bytes. */
    private int address(int length) {
        int address = (int) module.export("warded_buffer").apply(length)[0];
        if (address == 0) {
            throw new IllegalArgumentException(length + " bytes are over the limit");
        }
        return address;
    }

    public static void main(String[] arguments) throws IOException {
        var host = new Host(new File(arguments[0]));
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var output = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (var line = input.readLine(); line != null; line = input.readLine()) {
            output.print(host.call(line) + "\n");
        }
        output.flush();
    }
}
