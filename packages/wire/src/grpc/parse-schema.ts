import { quote, readObject } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import { parseDeclarations } from './declarations.ts'
import { parseDescriptorSet } from './descriptor-set.ts'
import type { Schema } from './message-type.ts'

/**
 * Parses the table's schema: either `"descriptor": {"base64": …}` with a FileDescriptorSet, or `"messages"` and
 * `"methods"`.
 *
 * @throws UserError (input) with a message that begins with `where`.
 */
export function parseSchema(members: { readonly [name: string]: unknown }, where: string): Schema | undefined {
  const { descriptor, messages, methods } = members
  if (messages !== undefined || methods !== undefined) {
    if (descriptor === undefined) return parseDeclarations(messages ?? {}, methods, where)
    throw inputError(
      `${where} has "descriptor" and ${messages === undefined ? '"methods"' : '"messages"'}: give one of them.`,
    )
  }
  if (descriptor === undefined) return undefined
  const base64 =
    typeof descriptor === 'object' && descriptor !== null ? readObject(descriptor, where)['base64'] : undefined
  if (typeof base64 === 'string') return parseDescriptorSet(Buffer.from(base64, 'base64'), `${where}: "descriptor"`)
  throw inputError(
    `${where}: "descriptor" is ${quote(descriptor)}. A file name is not possible here. Give the content as {"base64":"…"}, or declare "messages".`,
  )
}
