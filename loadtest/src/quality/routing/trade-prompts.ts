/** Frames for work that collections hardly have: running systems, programming questions without a language's name, whole web applications, sciences asked openly. */

const list = (text: string): string[] => text.trim().split(/\s*[|\n]\s*/);

/** Things that a system's administrator or a programmer has. */
export const systems =
  list(`nginx | a Kubernetes cluster | a Linux server with systemd | my Makefile | a Docker container | Terraform and AWS
  an S3 bucket and a VPC | GitHub Actions | a Windows domain controller | PostgreSQL replication | a Redis cache | an Android app with Compose
  SwiftUI | a Spring Boot service | a Django REST backend | a Node server with sockets | an ESP32 board | a Raspberry Pi | an Arduino sketch
  Unity | Blender scripting | Excel VBA | a Jira automation | a SIEM detection rule | a Prometheus alert | OpenSSL certificates | an SSH tunnel
  a Kafka consumer | a REST API | a GraphQL schema | PyTorch | a pandas data frame | numpy arrays | LaTeX macros | a regular expression
  a Flutter widget | an Ansible playbook | a GPU driver on Gentoo | a Vue store | a WordPress plugin | a Chrome extension | an nginx location block`);

/** What is asked of them. */
export const systemFrames = list(`How do I configure {s} so that it starts at boot?
  I get a warning from {s}: what does it mean and how do I change it?
  {s} worked yesterday and now returns error {n}. Here is the log.
  Write a configuration for {s} with comments.
  What is the fastest way to process {n} million records with {s}?
  How can I list all files and sizes without root when using {s}?
  I want to automate backups with {s}. Write the script, as complete as possible.
  You are an expert in {s}. For my project I need to record input and store it. Give me the complete code.
  Explain how memory is handled in {s} and show a minimal example.
  Set up {s} step by step, with the commands.
  Can {s} call a function every {n} seconds without blocking?
  My build of {s} fails after the upgrade to version {n}. How can I downgrade?
  How do you assign a colour to part of an object in {s}, not to the whole?
  My {s} has fields that should match each other, but they do not. How can I map them?
  Help me design the wiring and the program for {s} with a limit of {n} mA.
  Guide me through writing {s} from scratch, in detailed steps with code.
  Review my setup of {s} for security problems and show the fixed file.`);

/** Web applications, by what they are for. */
export const applications =
  list(`a flower shop | a car rental | a hospital's appointments | a school library | property listings | a film festival | a gym
  a recipe exchange | a freight company | a second-hand market | a language school | payroll | inventory of a warehouse | a news magazine
  a crowdfunding campaign | a photographer | a charity | a hotel chain | pet adoption | a quiz game | personal finance | an orchestra | ticket sales
  customer support | a research group | a city council | event planning | a meditation course | a farm shop | bicycle repair`);

/** What their users do. */
export const features =
  list(`register and log in | browse the catalogue | search and filter results | place orders and pay | see their history | leave reviews
  book a time | edit their profile | upload pictures | send messages | export reports | manage products | track deliveries | follow others
  compare offers | view charts | receive notifications | approve requests | save favourites | print invoices`);

/** How such an application is asked for. */
export const applicationFrames =
  list(`Build a web application for {a}. Users should be able to {f}, {f} and {f}. Use {c} for the background and {d} for the elements.
  Create a website for {a} where visitors can {f} and {f}. It needs pages for each of these, a header and a footer. Style it in {c} and {d}.
  Develop a site for {a} with functions to {f}, {f}, {f} and {f}. Page background {c}; components {d}.
  We need a management system for {a}: staff can {f}, {f} and {f}. Make the layout {c} with {d} buttons.
  Make a mobile-friendly app for {a} that lets people {f} and {f}.`);

/** Colours for them. */
export const colours = list(
  'white | navy | beige | dark green | light grey | coral | black | teal | ivory | crimson | sky blue | slate',
);

/** Problems that are worked out: sciences, estimates, puzzles. */
export const problemFrames = list(`How many {t} could fit in a stadium? Explain your reasoning step by step.
  Estimate the yearly cost of storing {n} petabytes on disk and on tape.
  A disk of radius {n} m rolls without slipping at {m} rad/s. Determine the velocity of its highest point.
  Is the inclusion of the integers in the rationals an epimorphism of rings? Prove or disprove.
  In how many ways can {n} people sit around a table if {m} of them must not be neighbours?
  Which of the following sequences cannot be the degrees of a simple graph with {n} vertices?
  A company buys {n} % of another for {m} million. Compute the goodwill and the yearly depreciation.
  Choose weights for a perceptron that separates these points: (0, {n}), ({m}, 1), (1, 1). Show your reasoning.
  Let p be a prime above {n}. Show that p squared minus 1 is divisible by 24.
  Two liars and a knight say: "Exactly {m} of us lie." Who is the knight?
  What is the least number of hops between two nodes of a ring with {n} nodes?
  A capacitor of {n} µF is charged through {m} kΩ. After which time is it at half the voltage?
  If {m} workers need {n} days, how long do {n} workers need? Explain.
  Find all functions f with f(x+y) = f(x)f(y) and f(1) = {n}.
  {n} grams of sodium react with water. How many litres of hydrogen form at {m} °C?
  {n} children stand in a circle facing inwards. Ali is third to the left of Bo, and Bo is not next to Cy. Who stands between them?
  Odd one out: violin, cello, trumpet, harp.
  You walk past the last runner but one. Is that possible, and in what place are you then?
  Which conclusion follows from these premises? All poets are readers. No readers are bored. 1) No poets are bored. 2) Some poets are bored.
  Which statement is equivalent to "if the light is on, somebody is at home"? Give the contrapositive.
  A man visits a bank daily and never has money there. Give a possible explanation for this riddle.
  What is the status of the twin prime conjecture, and can you prove any case of it?
  {n} friends must choose one of {m} films; each vetoes one. Which film remains, and why?
  A code stands for a letter by row and column of two tables. Which set of numbers stands for the word given?
  With {m} dice, what are the chances that the total is at least {n}?
  A car of mass {n}00 kg meets a resistance of {m}00 N. What power keeps it at constant speed?
  The impedance of a circuit is {n} ohms at {m} Hz. Find the inductance.
  A survey of {n}00 adults found {m} % in favour. Construct a confidence interval and test the hypothesis.
  An investment of {n} million returns {m} million a year. Compute the net present value at 8 % and decide.
  Determine whether the argument is valid: no {t} are heavy; some heavy things are red; so some red things are no {t}.`);
