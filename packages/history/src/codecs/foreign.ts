/** Describes a file of a known kind that is not a history, and says what to do. Undefined for an unknown kind. */
export function foreignKind(source: string, beginning: Uint8Array): string | undefined {
  const magic = MAGIC.find(([bytes]) => bytes.every((byte, n) => beginning[n] === byte))
  if (magic !== undefined) return magic[1].replaceAll('FILE', source)
  const text = decoder
    .decode(beginning.subarray(0, 4096))
    .replace(/^\uFEFF/, '')
    .trimStart()
  const found = TEXTS.find(([pattern]) => pattern.test(text))
  return found?.[1].replaceAll('FILE', source)
}

const decoder = new TextDecoder('latin1')

const ascii = (text: string): readonly number[] => Array.from(text, (character) => character.charCodeAt(0))

const MAGIC: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0x89, ...ascii('PNG')], 'a PNG image'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  [ascii('GIF8'), 'a GIF image'],
  [ascii('RIFF'), 'an image or a sound (RIFF)'],
  [ascii('%PDF-'), 'a PDF document'],
  [ascii('PK\u0003\u0004'), 'a ZIP archive. Unpack it: unzip FILE'],
  [[0xfd, ...ascii('7zXZ')], 'compressed by xz. Decompress it: xz -dc FILE | chaos check -'],
  [ascii('BZh'), 'compressed by bzip2. Decompress it: bzip2 -dc FILE | chaos check -'],
  [[0x1f, 0x8b], 'compressed by gzip twice. Decompress it: gzip -dc FILE | chaos check -'],
  [[0x7f, ...ascii('ELF')], 'a program (ELF)'],
  [ascii('SQLite format 3'), 'an SQLite database'],
  [ascii('JEPSEN'), "Jepsen's binary store. Its history is in history.edn beside it"],
]

const TEXTS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^<!doctype html|^<html/i, 'an HTML page'],
  [/^<\?xml|^<svg/i, 'XML'],
  [/^#!/, 'a script'],
  [/^-----BEGIN /, 'a certificate or a key'],
  [/^(?:diff --git|--- a\/)/, 'a patch'],
  [
    /^\{\s*"(?:history|operations|events|ops)"\s*:\s*\[/,
    "one JSON object with a list in it; a history has one JSON object per line. Convert it: jq -c '.[][]' FILE",
  ],
  [
    /^\{\s*"resourceSpans"\s*:/,
    "an OpenTelemetry export. Write one span per line: jq -c '.resourceSpans[].scopeSpans[].spans[] | . + (.attributes // [] | map({(.key): (.value | to_entries[0].value)}) | add) | del(.attributes)' FILE. Then name the attributes: --map f=ATTRIBUTE,key=ATTRIBUTE,value=ATTRIBUTE,process=ATTRIBUTE",
  ],
  [/^\{\s*\n\s+"[^"]*"\s*:/, 'one JSON object over several lines; a history has one JSON object per line'],
  [/^(?:-?\d[\d.]*|"[^"\n]*"|true|false|null)\s*$/, 'a single JSON value'],
]
