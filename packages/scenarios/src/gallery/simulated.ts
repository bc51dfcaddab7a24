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
    weakness: 'two requests book the same free seat, because the program awaits between the check and the booking',
    source: 'https://cwe.mitre.org/data/definitions/367.html',
    ...{ program: 'simulated-booking', breaks: 'linearizable', weak: 'hasty', cured: 'careful' },
    cure: 'the check and the booking are one step, without an await between them',
  },
  {
    name: 'fastify-jobs',
    system: 'a queue on fastify 5.12.8, simulated',
    weakness: 'two workers get the same job and another job is lost, because the program awaits before the removal',
    source: 'https://cwe.mitre.org/data/definitions/367.html',
    ...{ program: 'simulated-jobs', breaks: 'linearizable', weak: 'hasty', cured: 'careful' },
    cure: 'the job is removed from the queue first',
  },
  {
    name: 'ioredis-limiter',
    system: 'a rate limiter on ioredis 5.11.1, simulated',
    weakness: 'concurrent requests read the same count, and all pass: the limit is read and incremented in two steps',
    source: 'https://redis.io/docs/latest/commands/incr/#pattern-rate-limiter',
    ...{ program: 'simulated-limiter', breaks: 'linearizable', weak: 'hasty', cured: 'careful' },
    cure: 'one script increments the count and returns it',
  },
  {
    name: 'outbox-once',
    system: 'changes that are told once, simulated',
    weakness: 'a notification that is sent after a commit over a cut link is lost, and its reader stays stale forever',
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
