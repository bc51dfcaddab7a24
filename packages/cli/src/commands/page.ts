import { isSavedPage, renderSavedPage } from '@chaosproxy/console'
import { EXIT, type ExitCode } from '@chaosproxy/engine/run'
import { forcePage, inGroup, word } from '../arguments/declare.ts'
import { type Command, flagOf, type ParsedOptions, textOf } from '../command.ts'
import { print, printAsIs } from '../terminal/output.ts'
import { refuseToOverwriteOthers, writeNamed } from '../terminal/overwriting.ts'

const USUAL_FILE = 'judge.html'

export const command: Command = {
  name: 'page',
  positional: '',
  summary: 'write an HTML page that checks the histories that you drop on it, in any browser, without a server',
  options: inGroup('Output', [], {
    out: word('the file to write the page to; -: stdout', USUAL_FILE),
    force: forcePage,
  }),
  examples: [
    ['chaos page', `${USUAL_FILE}, to be opened from disk`],
    ['chaos page --out public/judge.html', 'a page that any web server can serve'],
  ],
  run: writePage,
}

async function writePage(options: ParsedOptions): Promise<ExitCode> {
  const out = textOf(options, 'out') ?? USUAL_FILE
  if (out === '-') {
    printAsIs(renderSavedPage())
    return EXIT.met
  }
  const typed = `--out ${out}`
  refuseToOverwriteOthers(out, { typed, force: flagOf(options, 'force'), recognises: isSavedPage })
  writeNamed(out, renderSavedPage(), typed)
  print(`\n  ${out}: open it in a browser, and drop a history on it. Nothing leaves the page.\n`)
  return EXIT.met
}
