const seed = document.getElementById("seed");
const show = () => {
  for (const part of document.querySelectorAll(".of-seed")) part.hidden = part.id !== `seed-${seed.value}`;
};
seed.addEventListener("change", show);
show();
