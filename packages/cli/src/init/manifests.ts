/** A program in a folder whose files do not define the command that starts it. */
export interface OtherLanguage {
  readonly file: string
  readonly language: string
  /** An example of a command that starts this kind of service. */
  readonly such: string
}

/** The likeliest first. */
export const otherLanguages: readonly OtherLanguage[] = [
  { file: 'go.mod', language: 'Go', such: './server --port {port}' },
  { file: 'Cargo.toml', language: 'Rust', such: 'target/release/server --port {port}' },
  { file: 'config.ru', language: 'Ruby', such: 'bundle exec rackup --port {port}' },
  { file: 'Gemfile', language: 'Ruby', such: 'bundle exec rails server --port {port}' },
  { file: 'pom.xml', language: 'Java', such: 'java -jar target/server.jar --server.port={port}' },
  { file: 'build.gradle', language: 'Java', such: 'java -jar build/libs/server.jar --server.port={port}' },
  { file: 'build.gradle.kts', language: 'Kotlin', such: 'java -jar build/libs/server.jar --server.port={port}' },
  { file: 'mix.exs', language: 'Elixir', such: '_build/prod/rel/server/bin/server start' },
  { file: 'composer.json', language: 'PHP', such: 'php -S 127.0.0.1:{port} -t public' },
]
