import type { FoundPort, SourceFile } from './found.ts'

/** Variables for ports of other services, such as databases. */
const OF_OTHERS = /REDIS|POSTGRES|PG|MYSQL|MONGO|DB|SQL|SMTP|MAIL|KAFKA|RABBIT|AMQP|PROXY|DEBUG|METRICS/

/** Returns the variable from which a service reads its port, preferably `PORT`. */
export function portVariable(sources: readonly SourceFile[], read: RegExp): string | undefined {
  const names = namesIn(sources, read).filter((name) => /PORT$/i.test(name) && !OF_OTHERS.test(name))
  return names.includes('PORT') ? 'PORT' : names[0]
}

export const dataVariable = (sources: readonly SourceFile[], read: RegExp): string | undefined =>
  namesIn(sources, read).find((name) => /^(?:\w+_)?(?:DATA|STORAGE)(?:_?(?:DIR|DIRECTORY|PATH))?$/.test(name))

const namesIn = (sources: readonly SourceFile[], read: RegExp): readonly string[] =>
  sources.flatMap(({ text }) => Array.from(text.matchAll(read), ([, name = '']) => name))

export function fixedPort(sources: readonly SourceFile[], patterns: readonly RegExp[]): FoundPort | undefined {
  for (const { path, text } of sources)
    for (const pattern of patterns) {
      const port = Number(pattern.exec(text)?.[1] ?? 0)
      if (port > 0 && port < 65_536) return { by: 'source', port, where: path }
    }
  return undefined
}
