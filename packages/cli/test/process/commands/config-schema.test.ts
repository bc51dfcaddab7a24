import { join } from 'node:path'
import { declarationSchema } from '@chaosproxy/targets'
import { toJsonSchema } from '@valibot/to-json-schema'
import { expect, test } from 'vitest'
import { configSchema } from '../../../../engine/src/config/schema.ts'
import { root } from '../../../../testing/src/chaos.ts'

/** A target and a workload with default settings can be given by name alone. */
const TEXT: object = { type: 'string' }

const orName = (schema: unknown): object => ({ anyOf: [TEXT, schema] })

/** The members of a JSON Schema that this test examines. */
interface ObjectSchema {
  readonly properties?: { readonly [name: string]: ObjectSchema }
  readonly additionalProperties?: object
}

function withNames(schema: object): { properties: { [name: string]: object & ObjectSchema } } {
  const { properties = {}, ...rest }: ObjectSchema = schema
  const { target, workload } = properties
  return { ...rest, properties: { ...properties, target: orName(target), workload: orName(workload) } }
}

test('chaos.config.schema.json equals the schema of a configuration (npx vitest run -u updates it)', async () => {
  const options = { errorMode: 'ignore', typeMode: 'input' } as const
  const { $schema: _, ...declaration } = toJsonSchema(declarationSchema, options)
  const whole = withNames(toJsonSchema(configSchema, options))
  const { targets, workloads, runs } = whole.properties
  whole.properties = {
    ...whole.properties,
    targets: { ...targets, additionalProperties: orName(declaration) },
    // In JSON a workload can only be given by the path of its file.
    workloads: { ...workloads, additionalProperties: TEXT },
    runs: { ...runs, additionalProperties: withNames(runs?.additionalProperties ?? {}) },
  }
  const text = `${JSON.stringify({ title: 'chaos.config.json', ...whole }, undefined, 2)}\n`
  await expect(text).toMatchFileSnapshot(join(root, 'packages', 'cli', 'schema', 'chaos.config.schema.json'))
})
