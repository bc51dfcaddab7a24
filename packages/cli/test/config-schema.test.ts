import { join } from 'node:path'
import { declarationSchema } from '@chaosproxy/targets'
import { toJsonSchema } from '@valibot/to-json-schema'
import { expect, test } from 'vitest'
import { configSchema } from '../src/config/schema.ts'
import { root } from './chaos.ts'

/** A target and a workload with default settings can be given by name alone. */
const orName = (schema: unknown) => ({ anyOf: [{ type: 'string' }, schema] })

function withNames({ properties = {}, ...rest }: { properties?: { [name: string]: unknown } }) {
  const { target, workload } = properties
  return { ...rest, properties: { ...properties, target: orName(target), workload: orName(workload) } }
}

test('chaos.config.schema.json says what a configuration may be (npx vitest run -u writes it anew)', async () => {
  const options = { errorMode: 'ignore', typeMode: 'input' } as const
  // biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is looked into as the JSON it is.
  const whole = withNames(toJsonSchema(configSchema, options) as any) as any
  const { $schema: _, ...declaration } = toJsonSchema(declarationSchema, options)
  whole.properties.targets.additionalProperties = { anyOf: [{ type: 'string' }, declaration] }
  // What JSON can say of a workload is where its file is.
  whole.properties.workloads.additionalProperties = { type: 'string' }
  whole.properties.runs.additionalProperties = withNames(whole.properties.runs.additionalProperties)
  const text = `${JSON.stringify({ title: 'chaos.config.json', ...whole }, undefined, 2)}\n`
  await expect(text).toMatchFileSnapshot(join(root, 'packages', 'cli', 'schema', 'chaos.config.schema.json'))
})
