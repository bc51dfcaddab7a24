import { dotReporter } from './dot.ts'
import { githubReporter } from './github.ts'
import { htmlReporter } from './html.ts'
import { jsonReporter } from './json.ts'
import { jsonlReporter } from './jsonl.ts'
import { junitReporter } from './junit.ts'
import { lineReporter } from './line.ts'
import { markdownReporter } from './markdown.ts'
import type { Reporter } from './reporter.ts'
import { svgReporter } from './svg.ts'
import { tapReporter } from './tap.ts'
import { terminalReporter } from './terminal.ts'

const all: Reporter[] = [
  terminalReporter,
  lineReporter,
  dotReporter,
  jsonReporter,
  jsonlReporter,
  tapReporter,
  junitReporter,
  markdownReporter,
  githubReporter,
  htmlReporter,
  svgReporter,
]

/** All reporters. The first is the default. */
export const reporters: readonly Reporter[] = all

/** Adds a user-defined reporter. */
export const addReporter = (reporter: Reporter): void => void all.push(reporter)
