import type { Client } from '../queue/packages.ts'

/** The channels of one worker's conversation with the coordinator of a run. */
const channelsOf = (run: string, worker: number) => {
  const base = `chaos:load:${run}:${worker}`
  return { beats: `${base}:beats`, reports: `${base}:reports` }
}

/** One end of it. */
export interface Conversation {
  /** What is said while Redis is away may be lost. */
  say(message: object): void
  /** What was said before is lost, and is said again. */
  hear(listener: (message: string) => void): void
  /** Nothing is heard from now on, not even what has arrived already. */
  close(): void
}

/** Opens the coordinator's end, or a worker's. */
export async function converse(
  connect: () => Client,
  { run, worker, as }: { readonly run: string; readonly worker: number; readonly as: 'coordinator' | 'worker' },
): Promise<Conversation> {
  const { beats, reports } = channelsOf(run, worker)
  const [mine, theirs] = as === 'coordinator' ? [beats, reports] : [reports, beats]
  const [speaker, listener] = [connect(), connect()]
  let isClosed = false
  await listener.subscribe(theirs)
  return {
    say(message) {
      // It is said again.
      speaker.publish(mine, JSON.stringify(message)).catch(() => {})
    },
    hear(heard) {
      listener.on('message', (_, message) => {
        if (!isClosed) heard(message)
      })
    },
    close() {
      isClosed = true
      speaker.disconnect()
      listener.disconnect()
    },
  }
}
