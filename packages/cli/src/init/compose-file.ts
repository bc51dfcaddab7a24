import type { ComposedService } from './found.ts'

interface Line {
  readonly indent: number
  readonly text: string
}

/**
 * Reads the services of a Compose file by indentation only. The result only informs a user, and the engine reads the
 * file itself.
 */
export function readComposeFile(text: string): readonly ComposedService[] {
  const lines = text.split(/\r?\n/).flatMap((line): Line[] => {
    const bare = line.replace(/(?:^|\s)#.*$/, '').trimEnd()
    return bare === '' ? [] : [{ indent: bare.length - bare.trimStart().length, text: bare.trim() }]
  })
  const services = childrenOf(
    lines,
    lines.findIndex(({ indent, text }) => indent === 0 && text === 'services:'),
  )
  return services
    .filter(({ text }) => /^[\w.-]+:$/.test(text))
    .map((service) => {
      const members = childrenOf(lines, lines.indexOf(service))
      const image = members.find(({ text }) => text.startsWith('image:'))?.text.slice('image:'.length)
      const ports = members.find(({ text }) => text.startsWith('ports:'))
      return {
        name: service.text.slice(0, -1),
        image: image === undefined ? undefined : unquoted(image),
        ports: ports === undefined ? [] : publishedIn(lines, ports),
      }
    })
}

/** The lines one level below a line. */
function childrenOf(lines: readonly Line[], at: number): readonly Line[] {
  const parent = lines[at]
  if (parent === undefined) return []
  const rest = lines.slice(at + 1)
  const end = rest.findIndex(
    ({ indent, text }) => indent < parent.indent || (indent === parent.indent && !text.startsWith('- ')),
  )
  const below = rest.slice(0, end < 0 ? undefined : end)
  return below.filter(({ indent }) => indent === below[0]?.indent)
}
const unquoted = (text: string): string => text.trim().replaceAll(/^['"]|['"]$/g, '')

function publishedIn(lines: readonly Line[], ports: Line): readonly string[] {
  const inline = /^ports:\s*\[(.*)\]$/.exec(ports.text)?.[1]
  const items =
    inline === undefined ? childrenOf(lines, lines.indexOf(ports)).map(({ text }) => text.slice(2)) : inline.split(',')
  return items.flatMap((item) => /(\d+)(?::\d+)(?:\/tcp)?$/.exec(unquoted(item))?.[1] ?? [])
}
