import type { Level } from '@chaosproxy/checker'
import { type Exhibit, SEED } from './exhibit.ts'

const args = (service: string): readonly string[] => ['simulate', service, '--seed', SEED, '--seeds', '64']

interface Simulated extends Pick<Exhibit, 'name' | 'system' | 'weakness' | 'source'> {
  readonly program: string
  readonly breaks: Level
  readonly weak: string
  readonly cured: string
  readonly cure: string
}

const services: readonly Simulated[] = [
  {
    name: 'express-booking',
    system: 'a booking on express 5.3.0, simulated',
    weakness: 'two requests find a seat free and take it, for something is awaited between the look and the entry',
    source: 'https://cwe.mitre.org/data/definitions/367.html',
    ...{ program: 'simulated-booking', breaks: 'linearizable', weak: 'hasty', cured: 'careful' },
    cure: 'the look and the entry are one step, and the program awaits nothing between them',
  },
  {
    name: 'fastify-jobs',
    system: 'a queue on fastify 5.12.8, simulated',
    weakness: 'two workers get one job and another is removed unseen, for something is awaited before the removal',
    source: 'https://cwe.mitre.org/data/definitions/367.html',
    ...{ program: 'simulated-jobs', breaks: 'linearizable', weak: 'hasty', cured: 'careful' },
    cure: 'the job leaves the queue first',
  },
  {
    name: 'ioredis-limiter',
    system: 'a rate limiter on ioredis 5.11.1, simulated',
    weakness: 'requests at the same time read one count, and all pass: a limit that is read and then counted is none',
    source: 'https://redis.io/docs/latest/commands/incr/#pattern-rate-limiter',
    ...{ program: 'simulated-limiter', breaks: 'linearizable', weak: 'hasty', cured: 'careful' },
    cure: 'one script counts and answers',
  },
  {
    name: 'outbox-once',
    system: 'changes that are told once, simulated',
    weakness: 'what is told after a commit while a link is cut is lost, and its reader stays stale for ever',
    source: 'https://microservices.io/patterns/data/transactional-outbox.html',
    ...{ program: 'simulated-outbox', breaks: 'eventual', weak: 'once', cured: 'outbox' },
    cure: 'an outbox, which sends each change until it is confirmed',
  },
]

/** Node.js services with third-party packages, run unchanged in the simulator. */
export const simulatedServices: readonly Exhibit[] = services.map(({ weak, cured, cure, ...exhibit }) => ({
  ...exhibit,
  kind: 'pattern',
  servers: [],
  args: args(weak),
  cure: { says: cure, args: args(cured) },
}))
