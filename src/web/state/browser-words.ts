/** Names of browsers by what stands before their version; those that pretend to be others come first. */
const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Version', 'Safari'],
] as const;
const SYSTEM = /Windows|Android|iPhone|iPad|Mac OS X|CrOS|Linux/;

/** What a browser says of itself in a few words, such as `Firefox 142, Linux`; as it is where it is none of these. */
export function browserWords(agent: string): string {
  for (const [mark, name] of BROWSERS) {
    const version = new RegExp(`${mark}/(\\d+)`).exec(agent)?.[1];
    if (version !== undefined)
      return [`${name} ${version}`, SYSTEM.exec(agent)?.[0]].filter(Boolean).join(', ');
  }
  return agent;
}
