import { dirname, isAbsolute, join } from 'node:path'

/**
 * Replaces the file name in a table's `"descriptor"` by the content of that file. The name is relative to the table's
 * own file.
 *
 * @param read returns a file's bytes, or throws a UserError.
 */
export function withDescriptor(table: unknown, tablePath: string, read: (path: string) => Buffer): unknown {
  if (typeof table !== 'object' || table === null || !('descriptor' in table)) return table
  const { descriptor } = table
  if (typeof descriptor !== 'string') return table
  const path = isAbsolute(descriptor) ? descriptor : join(dirname(tablePath), descriptor)
  return { ...table, descriptor: { base64: read(path).toString('base64') } }
}
