import { readFileSync } from 'node:fs'
import { inputError, isObject, usageError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'
import { schemaProblems } from '@chaosproxy/runner'
import * as v from 'valibot'
import { type ClusterDeclaration, hasContainers } from '../cluster/declaration.ts'
import { containersSchema, runningSchema, startedSchema } from '../cluster/declaration-schema.ts'

/** @throws UserError (input) with one line for each invalid member, beginning with `where`. */
export function parseDeclaration(json: unknown, where: string): ClusterDeclaration {
  const schema = schemaFor(json)
  if (schema !== runningSchema && isObject(json) && 'proxies' in json)
    throw inputError(
      `${where}: proxies: this member is only for nodes that are already running. Give each node its "addresses", or leave "proxies" out: a run that starts its nodes has its own proxies.`,
    )
  const result = v.safeParse(schema, json)
  if (result.success) {
    refusePlaceholders(result.output, where)
    return result.output
  }
  throw inputError(schemaProblems(schema, result.issues, { where, what: 'a cluster' }).join('\n'))
}

/** Matches the known placeholders. All other text in braces is literal. */
const PLACEHOLDER =
  /\{(?:address|announced|client|data|host|list|listen|name|node|nodes|number|peer|peers|port|set|value)(?:-(?:host|port))?(?:\.[\w.:-]*)?\}/

/**
 * @throws UserError for a placeholder in a value. Placeholders in values are not replaced, so the node would get the
 * placeholder as text.
 */
function refusePlaceholders(whole: ClusterDeclaration, where: string): void {
  if (hasContainers(whole)) return
  const { nodes, ...declaration } = whole
  const shared = 'values' in declaration ? [{ at: 'values', values: declaration.values }] : []
  const own = typeof nodes === 'number' ? [] : nodes.map(({ values }, i) => ({ at: `nodes[${i}].values`, values }))
  for (const { at, values = {} } of [...shared, ...own])
    for (const [name, value] of Object.entries(values)) {
      const [placeholder] = PLACEHOLDER.exec(String(value)) ?? []
      if (placeholder !== undefined)
        throw inputError(
          `${where}: ${at}.${name}: a value cannot contain ${placeholder}. Write ${placeholder} directly in the command, the environment or the file that uses {value.${name}}.`,
        )
    }
}

/** @throws UserError (usage) if the file does not exist; (input) if it is not JSON or does not declare a cluster. */
export function readDeclaration(path: string): ClusterDeclaration {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw usageError(`${path}: ${whyUnreadable(error)}`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw inputError(`${path}: this is not valid JSON: ${(error as Error).message}`)
  }
  return parseDeclaration(json, path)
}

function schemaFor(json: unknown): v.GenericSchema<unknown, ClusterDeclaration> {
  if (isObject(json) && hasContainers(json)) return containersSchema
  return looksRunning(json) ? runningSchema : startedSchema
}

/**
 * Returns whether the declaration is for running nodes: only these have addresses. The result selects the schema, so
 * that errors fit the declaration.
 */
function looksRunning(json: unknown): boolean {
  const nodes = isObject(json) ? json['nodes'] : undefined
  return Array.isArray(nodes) && nodes.some((node) => isObject(node) && 'addresses' in node)
}
