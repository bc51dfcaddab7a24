import type { Registries } from '@chaosproxy/runner'
import { print } from '../terminal/output.ts'

/**
 * Returns a function that resolves the recordings of a spec. If a recording has no command, prints the addresses for
 * clients.
 */
export const recordingsWithAddresses =
  (prints: 'stdout' | 'stderr'): NonNullable<Registries['traffic']> =>
  async (spec) => {
    // Few runs are recordings.
    const { recordingsOf } = await import('@chaosproxy/engine')
    return recordingsOf({
      prints,
      onListening: (proxies) =>
        print(
          [
            ...proxies.map(({ name, listen, upstream }) => `  ${name}  ${listen} → ${upstream}`),
            '  Recording whoever uses these addresses. Ctrl-C ends it.',
            '',
          ].join('\n'),
          process[prints],
        ),
    })(spec)
  }
