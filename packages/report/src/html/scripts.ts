import { count, duration } from '@chaosproxy/history'
import { startAddress } from '../browser/address.ts'
import { BarLayer } from '../browser/bar-layer.ts'
import { startChartCursor } from '../browser/chart-cursor.ts'
import { chooseRuns } from '../browser/choose-runs.ts'
import { startCopyCommand } from '../browser/copy-command.ts'
import { startCopyMarkdown } from '../browser/copy-markdown.ts'
import { decode } from '../browser/decode.ts'
import { Drawing } from '../browser/drawing.ts'
import { Explorer } from '../browser/explorer.ts'
import { filterRuns } from '../browser/filter-runs.ts'
import { filtersOf } from '../browser/filters.ts'
import { find } from '../browser/find.ts'
import { keepUp } from '../browser/keep-up.ts'
import { listenToKeys } from '../browser/keys.ts'
import { markSteps } from '../browser/mark-steps.ts'
import { startMinimap } from '../browser/minimap.ts'
import { paintBar } from '../browser/paint-bar.ts'
import { paintStrip } from '../browser/paint-strip.ts'
import { listenToPointer } from '../browser/pointer.ts'
import { startRed } from '../browser/red.ts'
import { rowsOf } from '../browser/rows.ts'
import { startSavePicture } from '../browser/save-picture.ts'
import { sha256 } from '../browser/sha256.ts'
import { sortTable } from '../browser/sort-table.ts'
import { startComparison } from '../browser/start-comparison.ts'
import { startExplorer } from '../browser/start-explorer.ts'
import { startPage } from '../browser/start-page.ts'
import { startProxies } from '../browser/start-proxies.ts'
import { startRuns } from '../browser/start-runs.ts'
import { startStoryPage } from '../browser/start-story-page.ts'
import { startVerify } from '../browser/start-verify.ts'
import { startStory } from '../browser/story.ts'
import { startTheme } from '../browser/theme.ts'
import { View } from '../browser/view.ts'
import { walkSteps } from '../browser/walk-steps.ts'
import { wordsOf } from '../browser/words.ts'

/**
 * Returns a script that calls `start` with `parts`. Each part is embedded as its own source text, so it may use only
 * its arguments, the browser's globals and itself. Files in `browser` therefore declare one value and import only
 * types. A test checks this.
 */
function scriptOf<Parts extends object>(start: (parts: Parts) => void, parts: Parts): string {
  const texts = Object.entries(parts).map(([name, part]) => `${name}: ${part}`)
  return `(${start})({\n${texts.join(',\n')}\n})`.replace(/^\s+/gm, '')
}

/** The script of the page. It works even if the timeline's script fails. */
export const pageScript: string = scriptOf(startPage, {
  find,
  startTheme,
  startCopyCommand,
  startCopyMarkdown,
  startSavePicture,
  startStory,
})

export const comparisonScript: string = scriptOf(startComparison, { find, startTheme, sortTable })

/** The script of pages whose only control is the button for the light or dark theme. */
export const themeScript: string = `(${startTheme})(${find})`.replace(/^\s+/gm, '')

export const proxiesScript: string = scriptOf(startProxies, { find, startTheme, keepUp })

export const runsScript: string = scriptOf(startRuns, {
  find,
  startTheme,
  startCopyCommand,
  filterRuns,
  chooseRuns,
  keepUp,
})

export const storyPageScript: string = scriptOf(startStoryPage, { find, startTheme, markSteps, walkSteps })

/** @param verifier a script that defines the variable `verifier` */
export const verifyScript = (verifier: string): string =>
  `${verifier}\n${scriptOf(startVerify, { find, sha256 })}(verifier)`

export const explorerScript: string = scriptOf(startExplorer, {
  find,
  count,
  duration,
  decode,
  rowsOf,
  wordsOf,
  filtersOf,
  View,
  paintBar,
  BarLayer,
  Drawing,
  Explorer,
  listenToPointer,
  listenToKeys,
  startRed,
  startChartCursor,
  paintStrip,
  startMinimap,
  startAddress,
})
