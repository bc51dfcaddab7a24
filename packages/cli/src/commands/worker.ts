import { availableParallelism } from 'node:os'
import { type WorkEvent, work } from '@chaosproxy/engine'
import { EXIT } from '@chaosproxy/engine/run'
import { duration, plural, printable, usageError } from '@chaosproxy/history'
import { count } from '@chaosproxy/runner'
import * as v from 'valibot'
import { asCount, flag, inGroup, valuesOf, word, words } from '../arguments/declare.ts'
import type { Command } from '../command.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { print } from '../terminal/output.ts'

const MOST_THREADS = 256
const MOST_RATE = 10_000
const LEFT_WITHIN_MS = 1_000

const declared = {
  ...inGroup('Which work', [], {
    queue: word('the Redis or Valkey with the queue: redis://host:6379, or env:NAME, the variable with the address'),
    drive: words(
      'let this worker run clients of chaos run that connect to this host or host:port; may be repeated; CHAOS_CLIENT_PASSWORD is sent only to these hosts',
    ),
    'allow-code': flag(
      'also run protocols, workloads and models that users send through the queue; anyone who reaches the Redis can then run code on this machine',
    ),
  }),
  ...inGroup('With what', [], {
    threads: asCount(v.optional(count('number of threads', 1, MOST_THREADS)), { usual: 'one for each core' }),
    rate: asCount(
      v.optional(
        count('largest number of jobs begun per second, counted over all workers with this option', 1, MOST_RATE),
      ),
      { usual: 'no limit' },
    ),
  }),
}

export const command: Command = {
  name: 'worker',
  positional: '',
  summary: 'do jobs that other machines put in a queue, until Ctrl-C',
  options: declared,
  examples: [
    ['chaos worker --queue redis://10.0.0.5:6379', 'joins in, until Ctrl-C'],
    ['chaos worker --queue redis://10.0.0.5:6379 --drive 10.0.0.5', 'also run clients that connect to 10.0.0.5'],
    ['chaos fuzz --target raft --seeds 1000000 --queue redis://10.0.0.5:6379', 'the search that it joins'],
  ],
  async run(options) {
    const {
      queue,
      threads = availableParallelism(),
      'allow-code': allowCode,
      rate,
      drive,
    } = valuesOf(options, declared)
    if (queue === undefined) throw usageError('chaos worker needs a queue. Add --queue redis://host:6379.')
    const interrupts = listenForInterrupts('Leaving once the jobs under way are done. Interrupt again to end at once.')
    try {
      await work({
        queue,
        threads,
        allowCode,
        rate,
        drive,
        signal: interrupts.signal,
        listener: (event) => print(`${printable(eventText(event))}\n`),
      })
      // Ends the process, which would otherwise try to reconnect to a lost Redis forever.
      setTimeout(() => process.exit(EXIT.met), LEFT_WITHIN_MS).unref()
      return EXIT.met
    } finally {
      interrupts.release()
    }
  },
}

function eventText(event: WorkEvent): string {
  switch (event.type) {
    case 'joined':
      return `Joined the queue at ${event.place} with ${plural(event.threads, 'thread')}.`
    case 'driving':
      return `Drives ${event.job} at ${event.addresses.join(', ')}.`
    case 'done':
      return `Did ${event.job} in ${duration(event.elapsedMs * 1e6)}.`
    case 'refused':
      return `Refused a job: ${event.why}`
    case 'could not':
      return `Could not do a job, which is tried again, here or by another worker: ${event.why}`
    case 'away':
      return `The Redis at ${event.place} does not answer: waiting for it.`
    case 'back':
      return `The Redis at ${event.place} answers again.`
    default:
      return event satisfies never
  }
}
