import { syncBuiltinESMExports } from 'node:module'
import util, { styleText } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { importBundler } from '../../src/program/bundler.ts'

const original = util.styleText

function replaceStyleText(replacement: unknown): void {
  Object.assign(util, { styleText: replacement })
  syncBuiltinESMExports()
}

afterEach(() => {
  vi.doUnmock('rolldown')
  replaceStyleText(original)
})

test("importBundler gives the bundler a styleText for lists of formats if Node's styleText accepts only one format", async () => {
  const old = vi.fn((format: unknown, text: string) => {
    if (typeof format !== 'string') throw new TypeError('one format only')
    return `<${format}>${text}`
  })
  replaceStyleText(old)
  let styled: string | undefined
  vi.doMock('rolldown', () => {
    styled = styleText(['underline', 'gray'], 'info')
    return { rolldown: () => {} }
  })
  await importBundler()
  expect(styled).toBe('<gray><underline>info')
  expect(util.styleText).toBe(old)
  expect(styleText).toBe(old)
})
