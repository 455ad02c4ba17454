/** Frames for short questions that programmers ask; without them, whatever is short and a question is taken for ordinary text. */

const list = (text: string): string[] => text.trim().split(/\s*[|\n]\s*/);

/** Words of programming languages. */
export const keywords =
  list(`static | final | async and await | yield | a closure | the spread operator | a decorator | an interface | a generic type
  a lambda | a foreign key | an inner join | a primary index | the this keyword | null and undefined | a mutex | garbage collection | a trait | a pointer
  a virtual method | an enum | a promise | a callback | a hash table | an iterator | a context manager | a macro | a namespace | an abstract class | const
  a transaction | a semaphore | a goroutine | optional chaining | pattern matching | a constructor | slicing | a stored procedure | a regular expression`);

/** What a programmer wants to get done. */
export const chores =
  list(`revert a merge in git | squash my commits | rename a branch | delete a remote tag | see who changed a line | find large files in bash
  kill a process by port | search a folder for a string with grep | count lines of all files | schedule a job with cron | copy a folder over ssh
  list running containers | mount a volume in docker | read an environment variable | parse command-line arguments | format a date | deep copy an object
  merge two dictionaries | flatten a nested array | compare two strings ignoring case | read a file line by line | catch an exception | mock a function in a test
  log to a file | generate a random string | round to two decimals | iterate over a map | convert a string to an integer | sort by two keys | join two tables
  select the newest row per group | update a column from another table | add an index | roll back a migration | profile slow code | debug a segmentation fault
  install a package offline | pin a dependency | set breakpoints | validate JSON | escape HTML | hash a password | upload a file | stream a response`);

/** Pieces of code. */
export const snippets = list(`for (let i = 0; i <= a.length; i++) sum += a[i];
  result = [] # collect
  UPDATE orders SET total = price * qty WHERE id = {n};
  SELECT city, COUNT(*) FROM customers GROUP BY country
  while True: print(x)
  int *p = malloc({n} * sizeof(int));
  if (x = {n}) { return true; }
  d = {}; d['k'].append({n})
  public void run() { list.add(null); }
  const total = items.reduce((s, x) => s + x.price);
  grep -r foo . | awk '{print $1}'
  df.groupby('a').mean().reset_index()
  fn main() { let v = vec![1, 2]; drop(v); println!("{:?}", v); }
  Exception in thread "main" java.lang.NullPointerException at App.main(App.java:{n})
  ValueError: could not convert string to float: 'abc'
  Uncaught ReferenceError: foo is not defined at index.js:{n}
  KeyError: 'name'
  error: borrow of moved value: v`);

/** How they ask. */
export const programmingFrames = list(`What does {k} do in {l}?
  What is the difference between {k} and {j} in {l}?
  When should I use {k} in {l}?
  How can I {c}?
  How do I {c} without losing data?
  What is the best way to {c} in {l}?
  {c} {l}
  Is there a command to {c}?
  {s} returns nothing, why?
  {s} What is wrong here?
  I get {s} in my {l} program. How do I fix it?
  Convert this to {l}: {s}
  Explain this line: {s}
  Why does {s} fail?
  Show an example of {k} in {l}.
  Rewrite with {k}: {s}`);

/** What is asked of the looks of a page. */
export const styleFrames = list(`How do I centre {e} in CSS?
  Align {e} to the right with flexbox.
  Make {e} sticky when the page scrolls.
  Give {e} rounded corners and a soft shadow.
  Why does {e} overflow its parent on small screens?
  Animate {e} when the mouse is over it.
  Put {e} and {f} side by side in a grid.
  Change the colour of {e} in dark mode.
  Make {e} fill the height of the screen.`);

/** Parts of a page. */
export const elements = list(
  'a div | the menu | a button | the footer | an image | the headline | a card | the sidebar | a form | the search box | a table | an icon',
);

/** Short questions that want a step of thought. */
export const puzzleFrames = list(`What is the probability of {n} heads in {m} tosses of a coin?
  {x} is older than {y}, and {y} is older than {z}. Who is the youngest?
  {x} sits left of {y}. {z} sits right of {y}. Who sits in the middle?
  Find the determinant of the matrix [[{n}, 1], [{m}, 2]].
  What is the next number: {n}, {m}, {n}, {m}, ?
  If today is Monday, which day is it in {n} days?
  Is {n} a prime number? Explain.
  How many ways are there to arrange {m} books on a shelf?
  Evaluate the limit of (x^{m} - 1)/(x - 1) as x goes to 1.
  Some {t} are blue and all blue things are cheap. Are some {t} cheap?
  What is the least common multiple of {n} and {m}?
  A recipe for {m} people needs {n} eggs. How many are needed for {n} people?
  What is {n} to the power of {m}?
  Convert {n} miles per hour to metres per second.
  If {x} runs {n} km in {m} hours, what is the speed?`);
