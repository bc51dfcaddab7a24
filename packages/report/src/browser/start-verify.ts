import type { Finding, Refused, sentenceOf, verify } from '@chaosproxy/verifier'
import type { find } from './find.ts'
import type { sha256 } from './sha256.ts'

interface VerifyParts {
  readonly find: typeof find
  readonly sha256: typeof sha256
}

interface Verifier {
  readonly verify: typeof verify
  readonly sentenceOf: typeof sentenceOf
  readonly Refused: typeof Refused
}

/** Starts the button that verifies the proof, and prints the finding for each level. */
export function startVerify({ find, sha256 }: VerifyParts): (verifier: Verifier) => void {
  return ({ verify, sentenceOf, Refused }) => {
    const [button, verified] = [find('#verify', HTMLButtonElement), find('#verified', HTMLElement)]
    const line = (verdict: Finding['verdict'], text: string): Node => {
      const names = { accepted: 'Verified', refused: 'Refused', undecided: 'Not verified' }
      const paragraph = document.createElement('p')
      paragraph.className = verdict === 'accepted' ? 'note' : 'note why-bad'
      paragraph.textContent = `${names[verdict]}: ${text}.`
      return paragraph
    }
    const embedded = (selector: string): Promise<string> => {
      const base64: string = JSON.parse(find(selector, HTMLScriptElement).text)
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
      return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text()
    }
    const lines = async (): Promise<readonly Node[]> => {
      const [history, proof] = [await embedded('#proved-history'), await embedded('#proof-text')]
      const hash = sha256(history)
      const { findings } = verify({ history: [history], sha256: hash, proof })
      // Print violations first. Print a single line for all levels with the same finding.
      const sorted = findings.toSorted((a, b) => b.result.localeCompare(a.result))
      const likeOf = (one: Finding): readonly Finding[] =>
        sorted.filter((each) => sentenceOf(each, []) === sentenceOf(one, []))
      return [
        ...sorted
          .filter((each) => likeOf(each)[0] === each)
          .map((each) =>
            line(
              each.verdict,
              sentenceOf(
                each,
                likeOf(each).map(({ level }) => level),
              ),
            ),
          ),
        line('accepted', `the proof is of the history in this page, whose SHA-256 is ${hash}`),
      ]
    }
    const tried = async (): Promise<readonly Node[]> => {
      try {
        return await lines()
      } catch (error) {
        return [line(error instanceof Refused ? 'refused' : 'undecided', error instanceof Error ? error.message : '')]
      }
    }
    button.addEventListener('click', () => {
      verified.textContent = 'Verifying …'
      // `Verifying …` must be drawn before the verification blocks the page.
      requestAnimationFrame(() => setTimeout(async () => verified.replaceChildren(...(await tried()))))
    })
  }
}
