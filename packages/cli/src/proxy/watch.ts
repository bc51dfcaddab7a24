import type { ControlClient } from '@chaosproxy/proxy/client'
import { printable } from '@chaosproxy/report'
import { outputEnded, print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

/** Prints events as they arrive, one per line. */
export async function watchEvents(client: ControlClient, json: boolean): Promise<void> {
  const style = styleFor()
  let stop: () => void = () => undefined
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  void outputEnded().then(stop)
  await client.events((event) => {
    const { sequence: _, at, type, ...rest } = event as { readonly [member: string]: unknown }
    const words = Object.entries(rest).map(
      ([name, value]) => `${style.dim(`${printable(name)}=`)}${printable(String(value))}`,
    )
    print(
      json
        ? `${printable(JSON.stringify(event))}\n`
        : `  ${printable(String(at).slice(11, 23))}  ${style.bold(printable(String(type)).padEnd(14))} ${words.join(' ')}\n`,
    )
  }, stopped)
}
