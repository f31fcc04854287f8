// Colours for Rhai and for templates. A stream parser is enough to colour with; completion reads the
// text before the cursor and problems come from the server's compiler, which knows the real grammar.
import { StreamLanguage } from "@codemirror/language";

const keywords = new Set(
  "let const if else switch while loop for in do until return throw try catch fn import export as true false this is".split(
    " ",
  ),
);

export const rhai = StreamLanguage.define<{ comment: boolean }>({
  name: "rhai",
  startState: () => ({ comment: false }),
  token(stream, state) {
    if (state.comment) {
      if (stream.skipTo("*/")) {
        stream.match("*/");
        state.comment = false;
      } else stream.skipToEnd();
      return "comment";
    }
    if (stream.eatSpace()) return null;
    if (stream.match("//")) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match("/*")) {
      state.comment = true;
      return "comment";
    }
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^`[^`]*`?/) || stream.match(/^'(?:[^'\\]|\\.)'/))
      return "string";
    if (stream.match(/^(?:0x[\da-f]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)/i)) return "number";
    if (stream.match(/^\.[A-Za-z_]\w*/)) return "propertyName";
    const word = stream.match(/^[A-Za-z_]\w*/);
    if (word && typeof word === "object") {
      if (word[0] === "true" || word[0] === "false") return "bool";
      if (keywords.has(word[0])) return "keyword";
      return stream.peek() === "(" ? "variableName.function" : "variableName";
    }
    if (stream.match(/^[{}()[\]]/)) return "bracket";
    stream.next();
    return null;
  },
});

export const template = StreamLanguage.define({
  name: "template",
  token(stream) {
    if (stream.match(/^\{\{!--.*?--\}\}|^\{\{![^}]*\}\}/)) return "comment";
    if (stream.match(/^\{\{\{?[^}]*\}?\}\}/)) return "string.special";
    if (!stream.skipTo("{{")) stream.skipToEnd();
    else if (stream.current() === "") stream.next();
    return null;
  },
});
