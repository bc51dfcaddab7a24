import { syncBuiltinESMExports } from 'node:module'
import util from 'node:util'

type StyleText = (format: string | readonly string[], text: string, options?: object) => string

/**
 * Imports the bundler with a `styleText` that accepts lists, as the bundler requires. In Node 21, `styleText` rejects
 * lists.
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
