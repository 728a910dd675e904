// nmcli's terse output: a line a row, fields between colons, `\:` and `\\` for themselves (nmcli(1), --escape yes).

/** The fields of each line. A line of another length is another program's, and left out. */
export function terseRows<const Names extends readonly string[]>(
  text: string,
  names: Names,
): Record<Names[number], string>[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(terseFields)
    .filter(fields => fields.length === names.length)
    .map(fields => Object.fromEntries(names.map((name, at) => [name, fields[at]])) as Record<Names[number], string>)
}

function terseFields(line: string): string[] {
  const fields = ['']
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\' && at + 1 < line.length) fields[fields.length - 1] += line[++at]
    else if (line[at] === ':') fields.push('')
    else fields[fields.length - 1] += line[at]
  }
  return fields
}
