import { momentInMillis } from '@chaosproxy/history'
import { cutsAfter, type Links } from '../lane-order.ts'
import type { PlayedLedger, PlayedNode, StoryTelling } from '../played-story.ts'
import { groupsOf, type PairedSteps, pairedSteps, type StepGroup } from '../story-rows.ts'
import { type Html, html, note } from './markup.ts'
import { background, type Lane, lanesBeside, lanesOf, signRow } from './story-lanes.ts'

/** With this many lanes, drawings are stacked, because words would break in narrower drawings. */
const MANY_LANES = 6

/**
 * Returns a row for each step of an accident, beside the step of the fixed run, if there is one. The number of a row
 * links to this row: `#step=4` in the first accident, `#telling=2&step=4` in the second.
 */
export function stepRows(accident: StoryTelling, fix: StoryTelling | undefined, telling: number): Html {
  const one = columnOf(accident, lanesOf(accident))
  const other = fix && columnOf(fix, lanesBeside(one.lanes, fix))
  const pairs = pairedSteps(groupsOf(accident), fix === undefined ? [] : groupsOf(fix))
  const rows = pairs.map((pair, i) => {
    const isBad = pair.accident !== undefined && breaksIn(accident, pair.accident)
    const id = `${telling === 1 ? '' : `telling=${telling}&`}step=${i + 1}`
    return html`<li id="${id}"${isBad && html` class="breaks"`}>${accidentWords(pair, id, i + 1)}${one.cell(pair.accident)}${other !== undefined && html`${fixedWords(pair)}${other.cell(pair.fixed)}`}</li>`
  })
  const isMany = [one, other].some((column) => (column?.lanes.length ?? 0) >= MANY_LANES)
  const kinds = `${fix === undefined ? '' : ' two'}${isMany ? ' many' : ''}`
  return html`<div class="told-page${kinds}"><div class="row-head">${one.title}${other?.title}</div><div class="names" aria-hidden="true">${one.names}${other?.names}</div><ol>${rows}</ol></div>`
}

/**
 * Whether a page marks a step as wrong. Steps that break the story's promise are marked. If no step breaks it, steps
 * that violate the consistency level are marked.
 */
const breaksIn = ({ steps: all }: StoryTelling, { ledger, broken }: StepGroup): boolean =>
  all.some((step) => step.ledger?.breaks === true) ? ledger?.breaks === true : broken !== ''

const accidentWords = ({ accident }: PairedSteps, id: string, number: number): Html =>
  html`<div class="says told"><p><a class="n" href="#${id}" aria-label="Step ${number}">${number}</a> ${accident?.text}</p>${ledgerMark(accident?.ledger)}${accident === undefined || accident.broken === '' ? undefined : html`<b class="broken">✘ ${accident.broken}</b>`}</div>`

/**
 * Returns the text of a step in the run with the fix, with its ledger mark. If the accident's step has the same text,
 * shows `the same.` instead, or nothing if the step has no ledger mark.
 */
function fixedWords({ accident, fixed }: PairedSteps): Html {
  const isSame = fixed === undefined || fixed.text === accident?.text
  if (isSame && fixed?.ledger === undefined) return html`<div class="says fixed"></div>`
  return html`<div class="says fixed"><p><b>Fixed:</b> ${isSame ? 'the same.' : fixed.text}</p>${ledgerMark(fixed.ledger)}</div>`
}

const ledgerMark = (ledger: PlayedLedger | undefined): Html | undefined =>
  ledger && html`<span class="ledger${ledger.broken ? ' bad' : ''}">${ledger.broken ? '✘ ' : ''}${ledger.says}</span>`

interface Column {
  readonly lanes: readonly Lane[]
  readonly title: Html
  readonly names: Html
  /**
   * Draws a step. Without a step (`group`), draws only the lanes. Call this function in the order of the steps, because
   * partitions last for several steps.
   */
  cell(group: StepGroup | undefined): Html
}

function columnOf(telling: StoryTelling, lanes: readonly Lane[]): Column {
  const kind = telling.kind === 'fix' ? 'fixed' : 'told'
  const label = telling.kind === 'fix' ? 'Fixed' : 'Told'
  let walls: readonly Links[] = []
  const title = html`<div class="title ${kind}"><b class="system">${label}: ${telling.title}</b>${note(telling.setting)}</div>`
  const names = html`<div class="heads ${kind}"><b class="label">${label}</b>${lanes.map(({ name }) => html`<b>${name}</b>`)}</div>`
  function cell(group: StepGroup | undefined): Html {
    const before = background(lanes, walls)
    const own = html`<div class="cell-head" aria-hidden="true">${names}</div><div class="edge">${before}</div>`
    if (group === undefined)
      return html`<div class="cell ${kind} idle">${own}<div class="rest">${before}<p class="same">nothing new here</p></div></div>`
    const rows: (Html | undefined)[] = []
    // Shows what the nodes believed just before the first healing.
    const healed = group.signs.findIndex(({ type }) => type === 'restored' || type === 'healed')
    for (const [i, sign] of group.signs.entries()) {
      if (i === healed) rows.push(nodeBoxes(group.nodes, lanes, walls))
      walls = cutsAfter(walls, sign)
      rows.push(
        html`<div class="sign"><span class="at">${momentInMillis(sign.at)}</span>${signRow(sign, lanes, walls)}</div>`,
      )
    }
    if (healed < 0) rows.push(nodeBoxes(group.nodes, lanes, walls))
    return html`<div class="cell ${kind}">${own}${rows}<div class="rest">${background(lanes, walls)}</div></div>`
  }
  return { lanes, title, names, cell }
}

const nodeBoxes = (nodes: readonly PlayedNode[], lanes: readonly Lane[], walls: readonly Links[]): Html | undefined =>
  nodes.length === 0
    ? undefined
    : html`<div class="boxes">${background(lanes, walls)}${lanes.map(({ name }) => {
        const own = nodes.find(({ node }) => node === name)
        return html`<span>${own === undefined || own.lines.length === 0 ? undefined : html`<span class="belief${own.changed ? ' changed' : ''}"><span class="whose">${name}: </span>${own.lines.map((line) => html`<span>${line}</span>`)}</span>`}</span>`
      })}</div>`
