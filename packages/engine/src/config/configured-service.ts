import { runMembers } from '@chaosproxy/runner'
import * as v from 'valibot'
import { pathSchema } from './path-schema.ts'

const text = v.string('must be a text')

/** A Node service for `chaos simulate`. */
export const serviceSchema: v.GenericSchema = v.strictObject(
  {
    entry: v.pipe(pathSchema, v.description('the file of its program')),
    routes: v.optional(v.pipe(pathSchema, v.description('its route table; by default routes.json beside the program'))),
    args: v.optional(v.array(text, 'must be a list of texts')),
    environment: v.optional(v.record(text, text, 'must be an object of texts')),
    nodes: runMembers.nodes,
    redis: v.optional(
      v.pipe(v.literal('simulated', 'must be "simulated"'), v.description('a Redis in memory, at redis:6379')),
    ),
    losesPower: v.optional(
      v.pipe(v.boolean('must be true or false'), v.description('kills also cut the power of their node')),
    ),
  },
  'must be an object with an entry',
)
