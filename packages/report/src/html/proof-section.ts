import { printable } from '../operation-words.ts'
import { proofTexts, type WrittenProof } from '../proof.ts'
import { capitalised } from '../words.ts'
import { type Html, html, note, script, scriptJson, sectionOf, trusted } from './markup.ts'
import { verifyScript } from './scripts.ts'

/**
 * Returns which verdicts are proved, and the command that verifies them. If the page contains the proof, adds a button
 * that verifies it.
 */
export function proofSection(proof: WrittenProof | undefined): Html | undefined {
  if (proof?.written === undefined) return undefined
  const { written, embedded } = proof
  const button = embedded && html`<button id="verify" type="button">Verify</button>`
  return sectionOf(
    'proof',
    'Proof',
    html`${proofTexts(proof).map((text) => note(`${capitalised(text)}.`))}<div class="reproduce"><code tabindex="0">${printable(`chaos verify ${written.history} ${written.file}`)}</code>${button}</div>${
      embedded &&
      html`${note('Verify checks the proof again in this page, without other files. The verifier knows the definitions of the levels, but not the code that reached the verdicts.')}<div id="verified" aria-live="polite" style="overflow-wrap:anywhere"></div>`
    }`,
  )
}

/** Returns the scripts of the page's button: the history, its proof, and the verifier that the button runs. */
export const proofScripts = (proof: WrittenProof | undefined): Html | undefined =>
  proof?.embedded &&
  html`${script(scriptJson(proof.embedded.history), ' type="application/json" id="proved-history"')}${script(scriptJson(proof.embedded.proof), ' type="application/json" id="proof-text"')}${script(trusted(verifyScript(proof.embedded.verifier)))}`
