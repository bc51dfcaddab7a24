import { UserError } from '@chaosproxy/history'
import { optional, text, type ValuesOf } from '../definition/parameter.ts'
import { quote } from '../definition/read-parameters.ts'

/** Conditions on a request's head. In a path, a name in braces matches one segment, and a star any remaining text. */
export const headMatch = {
  method: optional(text('only these methods (PUT,POST)')),
  path: optional(text('only paths like this (/kv/{key}, /static/*)')),
  header: optional(text('only requests with this field')),
  headerValue: optional(text('and this text in its value')),
}

export const matchedClient = optional(text('only clients of this address or network'))

/** @throws UserError (input) */
export function validateHeadMatch(
  { method, path, header, headerValue }: ValuesOf<typeof headMatch>,
  where: string,
): void {
  if (method !== undefined && !/^[A-Za-z-]+(,[A-Za-z-]+)*$/.test(method))
    throw new UserError('input', `${where}: "method" is ${quote(method)}. Write GET, or several: PUT,POST.`)
  if (path !== undefined && !path.startsWith('/'))
    throw new UserError(
      'input',
      `${where}: "path" is ${quote(path)}. A path begins with a slash: /kv/{key}, /static/*.`,
    )
  const adjacent = path === undefined ? null : /\{\w+\}\{\w+\}/.exec(path)
  if (adjacent !== null)
    throw new UserError(
      'input',
      `${where}: "path" is ${quote(path)}: nothing says where one name of ${adjacent[0]} ends and the next begins. Put a text between them, or one name for both.`,
    )
  if (headerValue !== undefined && header === undefined)
    throw new UserError('input', `${where}: "headerValue" is the value of a header field. Give "header" as well.`)
}
