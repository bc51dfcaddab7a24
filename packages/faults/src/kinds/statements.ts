import { inputError } from '@chaosproxy/history'
import { defineFault } from '../definition/definition.ts'
import { or, text, textOrNumber } from '../definition/parameter.ts'
import { quote } from '../definition/read-parameters.ts'

/**
 * The proxy does not forward the client's statement. Instead, it sends the server something that ends the transaction
 * or makes it fail, as the injected error would.
 */
export const sqlError = defineFault({
  kind: 'sql-error',
  summary: 'answer the statement with an error of the database',
  parameters: {
    code: or(textOrNumber('the error: an SQLSTATE (40001, 57P01), or an error number of MySQL (1213)'), '40001'),
    message: or(text('the message of the error'), 'an injected error'),
  },
  validate({ code }, where) {
    if (/^([0-9A-Z]{5}|[1-9]\d{3})$/.test(code) && !code.startsWith('00')) return
    throw inputError(
      `${where}: "code" is ${quote(code)}. Give an SQLSTATE, which has five digits or capital letters, such as "40001" or "57P01", or an error number of MySQL, which has four digits, such as 1213.`,
    )
  },
})
