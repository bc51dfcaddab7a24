import * as v from 'valibot'
import type { TrafficSpec } from '../result/run-spec.ts'

const text = v.string('must be a string')
const words = v.pipe(
  v.array(text, 'must be a list of words, such as ["npm","test"]'),
  v.minLength(1, 'must be a list of words, such as ["npm","test"]'),
)
const flag = v.boolean('must be true or false')

const serverSchema = v.pipe(
  v.strictObject({
    name: text,
    listen: v.optional(text),
    upstream: v.optional(text),
    serve: v.optional(words),
    recorded: v.optional(flag),
  }),
  v.check(
    ({ upstream, serve }) => (upstream === undefined) !== (serve === undefined),
    'needs exactly one of "upstream" (the address of the server) and "serve" (the command that starts it)',
  ),
)

export const trafficSchema: v.GenericSchema<unknown, TrafficSpec> = v.strictObject({
  as: text,
  servers: v.pipe(
    v.array(serverSchema, 'must be a list of servers'),
    v.minLength(1, 'must be a list of at least one server'),
  ),
  client: v.optional(text),
  initial: v.optional(text),
  model: v.optional(text),
  hurt: v.optional(v.array(text, 'must be a list of names')),
  command: v.optional(words),
  environment: v.optional(v.record(v.string(), text, 'must be an object of variables, such as {"API":"http://{n1}"}')),
  mayFail: v.optional(flag),
  endsInTime: v.optional(flag),
  again: v.optional(text),
})
