import type { Client } from '../packages.ts'

const channelsOf = (run: string, worker: number) => {
  const base = `chaos:load:${run}:${worker}`
  return { beats: `${base}:beats`, reports: `${base}:reports` }
}

/** One end of a worker's conversation with its coordinator. */
export interface Conversation {
  /** Sends a message, which an outage may lose. */
  send(message: object): void
  /** Registers the listener. It does not receive earlier messages, but their sender repeats them. */
  hear(listener: (message: string) => void): void
  /** Stops delivering messages, including those that have arrived. */
  close(): void
}

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
    send(message) {
      // The sender repeats a lost message.
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
