// The README's commands, each for as long as it says.
process.env['README'] = 'patient'

await import('./readme.test.ts')

export {}
