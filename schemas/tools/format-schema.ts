const lineWidth = 110;

/**
 * Prints a schema so that it reads well and never changes by itself: what fits on a line stays on it,
 * the rest is opened one level. The authored files and the generated envelope share this form.
 */
export function formatSchema(schema: unknown): string {
  return `${print(schema, 0, 0)}\n`;
}

function print(value: unknown, indent: number, prefix: number): string {
  const flat = printFlat(value);
  const opens = typeof value === 'object' && value !== null && 'fields' in value;
  if (!opens && indent + prefix + flat.length <= lineWidth) return flat;
  if (Array.isArray(value)) {
    if (value.length > 0 && value.every((item) => typeof item === 'string')) return printWords(value, indent);
    const items = value.map((item) => `${pad(indent + 2)}${print(item, indent + 2, 1)}`);
    return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${pad(indent)}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).map(([name, item]) => {
      const key = `${JSON.stringify(name)}: `;
      return `${pad(indent + 2)}${key}${print(item, indent + 2, key.length + 1)}`;
    });
    return `{\n${items.join(',\n')}\n${pad(indent)}}`;
  }
  return flat;
}

function printWords(words: readonly string[], indent: number): string {
  const lines: string[] = [];
  for (const word of words.map((text, at) => JSON.stringify(text) + (at < words.length - 1 ? ',' : ''))) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= lineWidth - indent - 2) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return `[\n${lines.map((line) => pad(indent + 2) + line).join('\n')}\n${pad(indent)}]`;
}

function printFlat(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printFlat).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const items = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${printFlat(item)}`);
  return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`;
}

function pad(width: number): string {
  return ' '.repeat(width);
}
