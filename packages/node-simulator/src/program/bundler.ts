import { syncBuiltinESMExports } from 'node:module'
import util from 'node:util'

type StyleText = (format: string | readonly string[], text: string, options?: object) => string

/**
 * The bundler. When imported, it styles text in two ways at once, and Node 21 throws at that: its `styleText` accepts
 * lists until the import is done.
 */
export async function importBundler(): Promise<typeof import('rolldown')> {
  const original = util.styleText as StyleText
  if (takesLists(original)) return import('rolldown')
  const patient: StyleText = (format, text, options) =>
    [format].flat().reduce((styled, each) => original(each, styled, options), text)
  replaceStyleText(patient)
  try {
    return await import('rolldown')
  } finally {
    replaceStyleText(original)
  }
}

function takesLists(styleText: StyleText): boolean {
  try {
    styleText(['underline', 'gray'], '')
    return true
  } catch {
    return false
  }
}

function replaceStyleText(styleText: StyleText): void {
  Object.assign(util, { styleText })
  syncBuiltinESMExports()
}
