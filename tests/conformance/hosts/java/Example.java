import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.wasm.Parser;
import java.io.File;

final class Example {
    public static void main(String[] arguments) {
        var call = "{\"op\":\"covers\",\"outer\":\"secrets:read:production/*\",\"inner\":\"secrets:read:production/KEY\"}";
        var warded = Instance.builder(Parser.parse(new File("raw.wasm"))).build();
        var memory = warded.memory();
        memory.writeString((int) warded.export("warded_buffer").apply(call.length())[0], call);
        int length = (int) warded.export("warded_call").apply(call.length())[0];
        int start = (int) warded.export("warded_buffer").apply(length)[0];
        System.out.println(memory.readString(start, length));
    }
}
