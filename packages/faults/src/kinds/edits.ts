import { inputError, type Json } from '@chaosproxy/history'
import { defineFault } from '../definition/definition.ts'
import { json, optional, status, text } from '../definition/parameter.ts'
import { quote, readObject } from '../definition/read-parameters.ts'

const edits = {
  headers: optional(json('header fields to set ({"Name":"value"}) or to remove ({"Name":null})')),
  body: optional(text('the new body')),
}

export const editRequest = defineFault({
  kind: 'edit-request',
  summary: 'change header fields or the body of the request',
  parameters: edits,
  validate: (harm, where) => validateEdit(harm, where),
})

export const editReply = defineFault({
  kind: 'edit-reply',
  summary: 'change header fields, the body or the status of the response',
  parameters: {
    ...edits,
    status: optional(status),
  },
  actsOnReplies: true,
  validate: (harm, where) => validateEdit(harm, where, harm.status !== undefined),
})

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Fields that delimit a message, which only the proxy may set. */
const FRAMING = ['content-length', 'transfer-encoding']

interface Edit {
  readonly headers?: Json | undefined
  readonly body?: string | undefined
}

function validateEdit({ headers, body }: Edit, where: string, changesMore = false): void {
  const count = validateFields(headers, where)
  if (count === 0 && body === undefined && !changesMore)
    throw inputError(`${where} changes nothing. Give "headers" or "body".`)
}

/**
 * Validates header fields, and returns their number. @throws UserError (input) for a field that only the proxy may set,
 * or for an invalid name or value.
 */
export function validateFields(headers: Json | undefined, where: string): number {
  const entries = Object.entries(readObject(headers ?? {}, `${where}: "headers"`))
  for (const [name, value] of entries) {
    if (!NAME.test(name)) throw inputError(`${where}: ${quote(name)} is not a valid name of a header field.`)
    if (FRAMING.includes(name.toLowerCase()))
      throw inputError(`${where}: only the proxy may set ${name}, to mark the end of the message. Leave ${name} out.`)
    if (value !== null && (typeof value !== 'string' || /[^\t -~\u0080-\u00ff]/.test(value)))
      throw inputError(`${where}: the value of ${name} is ${quote(value)}. Give a string of one line, or null.`)
  }
  return entries.length
}
