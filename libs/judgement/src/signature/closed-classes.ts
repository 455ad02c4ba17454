/** Things of one kind of which any two are different things: to name the other one is to ask something else. Aliases stand together. */
const classes: Readonly<Record<string, string>> = {
  programming:
    'c c++=cpp c#=csharp java javascript=js typescript=ts python=py ruby rust go=golang kotlin swift php perl scala haskell lua r julia matlab dart elixir erlang clojure fortran cobol bash powershell zsh groovy ocaml f# objective-c assembly vba zig nim solidity prolog lisp scheme sql',
  database:
    'postgresql=postgres mysql sqlite mariadb mongodb=mongo redis oracle cassandra dynamodb firestore elasticsearch snowflake bigquery clickhouse cockroachdb neo4j mssql couchdb memcached',
  framework:
    'react preact vue angular svelte jquery ember django flask fastapi rails laravel symfony spring express nestjs nextjs nuxt remix bootstrap tailwind redux zustand mobx pandas polars numpy pytorch tensorflow keras jest mocha vitest pytest junit hibernate qt flutter electron xamarin ionic node=nodejs deno bun',
  tool: 'npm yarn pnpm pip conda maven gradle webpack vite rollup docker podman kubernetes=k8s terraform ansible chef puppet jenkins github gitlab bitbucket git svn mercurial nginx apache caddy vim emacs nano vscode intellij eclipse xcode ffmpeg helm kafka rabbitmq nats celery airflow grafana prometheus splunk jira trello asana slack teams zoom discord',
  company:
    'google apple microsoft amazon facebook=meta twitter instagram whatsapp telegram snapchat tiktok youtube quora reddit linkedin pinterest netflix spotify uber lyft airbnb paypal stripe bizum venmo zelle visa mastercard amex netlify vercel heroku aws azure gcp digitalocean cloudflare shopify woocommerce magento salesforce hubspot dropbox onedrive icloud tesla samsung sony nokia huawei xiaomi lenovo dell hp asus nvidia intel amd openai anthropic github uk gmail outlook yahoo hotmail bing wordpress wix squarespace skype',
  system:
    'windows linux macos=osx android ios ubuntu debian fedora centos arch alpine chrome firefox safari edge opera brave iphone ipad macbook',
  format:
    'json yaml=yml xml csv tsv html markdown pdf doc docx xls xlsx ppt pptx odt png jpg=jpeg gif webp heic svg mp3 mp4 wav flac aac ogg avi mkv zip tar gzip rar parquet avro toml ini sql graphql rest grpc soap protobuf base64 utf-8 utf-16 ascii latin1',
  currency:
    'dollar=usd=$ euro=eur=€ pound=gbp=£ yen=jpy=¥ rupee=inr=₹ franc=chf yuan=cny peso=mxn real=brl won=krw bitcoin=btc ethereum=eth',
  tongue:
    'english french german spanish italian portuguese dutch russian chinese japanese korean arabic hindi turkish polish swedish danish norwegian finnish greek hebrew latin czech hungarian thai vietnamese ukrainian romanian bengali urdu tamil englisch französisch deutsch spanisch italienisch türkisch anglais allemand espagnol italien inglés francés alemán',
  weekday:
    'monday=montag=lundi=lunes tuesday=tue=dienstag=mardi=martes wednesday=mittwoch=mercredi=miércoles thursday=thu=donnerstag=jeudi=jueves friday=fri=freitag=vendredi=viernes saturday=samstag=samedi=sábado=saturdays sunday=sonntag=dimanche=domingo weekday weekend',
  month:
    'january=jan=januar=janvier=enero february=feb=februar=février=febrero march=märz=marzo april=apr=avril=abril may=mai=mayo june=jun=juni=juin=junio july=jul=juli=juillet=julio august=aug=août=agosto september=sep=sept=septembre=septiembre october=oct=oktober=octobre=octubre november=nov=novembre=noviembre december=dec=dezember=décembre=diciembre',
  account:
    'checking=chequing savings brokerage roth ira 401k mortgage loan credit debit prepaid premium basic gold platinum',
  share:
    'etf=etfs etn=etns iso=isos nso=nsos bond=bonds stock=stocks option=options future=futures fdic sipc cfd reit index mutual',
  layout:
    'table paragraph essay bullet bullets list json csv checklist diagram poem email letter tweet haiku story summary',
  level:
    'beginner beginners intermediate expert experts junior senior student students child children kids adult adults freshman professional professionals toddler teenager',
};

/** Class and thing of a lower-case word, for instance ["programming", "javascript"] of "js"; a word may be in several classes. */
export const classesOf = new Map<string, readonly (readonly [kind: string, thing: string])[]>();
for (const [kind, list] of Object.entries(classes)) {
  for (const item of list.split(' ')) {
    const [thing = '', ...aliases] = item.split('=');
    for (const word of [thing, ...aliases]) classesOf.set(word, [...(classesOf.get(word) ?? []), [kind, thing]]);
  }
}

/** Whether two words name two different things of one kind, one and the same thing, or neither can be said. */
export function compareClasses(a: string, b: string): 'same' | 'different' | 'unknown' {
  const left = classesOf.get(a);
  const right = classesOf.get(b);
  if (!left || !right) return 'unknown';
  let found: 'different' | 'unknown' = 'unknown';
  for (const [kind, thing] of left) {
    for (const [otherKind, other] of right) {
      if (kind !== otherKind) continue;
      if (thing === other) return 'same';
      found = 'different';
    }
  }
  return found;
}

/** The other things of a word's first class, as they are written; none for a word of no class. */
export function classWords(word: string): readonly string[] {
  const own = classesOf.get(word);
  const [kind, thing] = own?.[0] ?? [];
  if (kind === undefined) return [];
  return (classes[kind] ?? '')
    .split(' ')
    .flatMap((item) => item.split('=')[0] ?? [])
    .filter((other) => other !== thing);
}
