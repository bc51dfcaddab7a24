import { printable } from '@chaosproxy/report'
import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { SavedFile } from './messages.ts'
import type { Setting } from './setting.ts'

const line = (time: number, process: number, type: string, f: string, value: number | null, node: string): string =>
  JSON.stringify({ time: time * 1e6, process, type, f, key: 'x', value, node })

/** An example history in which a replica returns stale data. */
const EXAMPLE: string = [
  '{"chaos": 1, "model": "register", "initial": null}',
  line(0, 0, 'invoke', 'write', 1, 'n1'),
  line(2, 0, 'ok', 'write', 1, 'n1'),
  line(10, 0, 'invoke', 'write', 2, 'n1'),
  line(12, 0, 'ok', 'write', 2, 'n1'),
  line(14, 1, 'invoke', 'read', null, 'n2'),
  line(15, 1, 'ok', 'read', 1, 'n2'),
  line(40, 1, 'invoke', 'read', null, 'n2'),
  line(41, 1, 'ok', 'read', 2, 'n2'),
  '',
].join('\n')

export interface Choice {
  readonly model: string | undefined
  readonly timeoutMs: number
}

interface HistoryFormProps {
  readonly setting: Setting
  readonly refusal: string
  readonly choice: Choice
  readonly choose: (choice: Choice) => void
  readonly judge: (files: readonly SavedFile[]) => void
}

const TIMES_S = [10, 30, 120, 600]

export function HistoryForm({ setting, refusal, choice, choose, judge }: HistoryFormProps): JSX.Element {
  return (
    <>
      <section class="head" aria-labelledby="title">
        <h1 id="title">Judge a history</h1>
        <p class="lede">
          Which consistency did it keep, and where did it break? The answer is worked out on this page: nothing leaves
          your browser.
        </p>
      </section>
      <div class="problem" role="alert">
        {refusal === '' ? null : <bdi>{printable(refusal)}</bdi>}
      </div>
      <FilePart judge={judge} />
      <PastePart judge={judge} />
      <HowPart setting={setting} choice={choice} choose={choose} />
      <p class="note">
        JSON lines as <code>chaos run</code> writes and <code>chaos check</code> reads them, Jepsen's EDN, and
        Porcupine's logs; gzip and Zstandard are uncompressed. Up to {setting.most} of text; for more, and for several
        files at once: <code>npx chaos check FILE</code>
      </p>
    </>
  )
}

function FilePart({ judge }: Pick<HistoryFormProps, 'judge'>): JSX.Element {
  return (
    <section class="drop">
      <label>
        <b>Drop a history anywhere on this page</b>
        <span>or choose a file:</span>
        <input
          type="file"
          id="file"
          multiple
          onChange={({ currentTarget }) => {
            if (currentTarget.files !== null) judge(namedFiles(currentTarget.files))
            // Forgets the chosen file, because a second choice of the same file would otherwise raise no event, even if
            // the file has changed.
            currentTarget.value = ''
          }}
        />
      </label>
      <button type="button" onClick={() => judge([{ name: 'example.jsonl', blob: new Blob([EXAMPLE]) }])}>
        Try an example
      </button>
    </section>
  )
}

export const namedFiles = (files: FileList): readonly SavedFile[] =>
  Array.from(files, (file) => ({ name: file.name, blob: file }))

function PastePart({ judge }: Pick<HistoryFormProps, 'judge'>): JSX.Element {
  const text = useRef<HTMLTextAreaElement>(null)
  const pasted = (): void => judge([{ name: 'pasted.jsonl', blob: new Blob([text.current?.value ?? '']) }])
  return (
    <section class="paste">
      <label for="text">Or paste its lines</label>
      <textarea id="text" ref={text} rows={6} spellcheck={false} autocomplete="off" />
      <button type="button" onClick={pasted}>
        Judge these lines
      </button>
    </section>
  )
}

function HowPart({ setting, choice, choose }: Pick<HistoryFormProps, 'setting' | 'choice' | 'choose'>): JSX.Element {
  const [usual] = useState(setting.timeoutMs / 1000)
  return (
    <div class="tools">
      <label>
        Model{' '}
        <select
          id="model"
          value={choice.model ?? ''}
          onChange={({ currentTarget: { value } }) => choose({ ...choice, model: value === '' ? undefined : value })}
        >
          <option value="">as the history says</option>
          {setting.models.map((model) => (
            <option key={model} value={model}>
              {model}
            </option>
          ))}
        </select>
      </label>
      <label>
        Judge for at most{' '}
        <select
          id="seconds"
          value={String(choice.timeoutMs / 1000)}
          onChange={({ currentTarget: { value } }) => choose({ ...choice, timeoutMs: Number(value) * 1000 })}
        >
          {[...new Set([...TIMES_S, usual])]
            .sort((a, b) => a - b)
            .map((seconds) => (
              <option key={seconds} value={String(seconds)}>
                {seconds} s
              </option>
            ))}
        </select>
      </label>
    </div>
  )
}
