# cmake -DWALBROOK=COMMAND -DFOLDER=FOLDER -P Describe.cmake: what the command writes of itself, into FOLDER. Completions
# are walbrook.bash, .zsh and .fish, manual pages man1/walbrook.1 and man1/walbrook-COMMAND.1, the same compressed in
# man1.gz. The file `complete` is made last.

file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}/man1" "${FOLDER}/man1.gz")

function(write file)  # write(FILE ARGUMENT...): what the command answers to these arguments
  execute_process(COMMAND "${WALBROOK}" ${ARGN} WORKING_DIRECTORY "${FOLDER}" OUTPUT_FILE "${FOLDER}/${file}"
                  COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(shell bash zsh fish)
  write(walbrook.${shell} completion ${shell})
endforeach()

write(commands completion commands)
file(STRINGS "${FOLDER}/commands" commands)
write(man1/walbrook.1 man)
foreach(command IN LISTS commands)
  write(man1/walbrook-${command}.1 man ${command})
endforeach()

file(GLOB pages RELATIVE "${FOLDER}/man1" "${FOLDER}/man1/*")
foreach(page IN LISTS pages)
  execute_process(COMMAND gzip -9cn "man1/${page}" WORKING_DIRECTORY "${FOLDER}" OUTPUT_FILE "man1.gz/${page}.gz"
                  COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(TOUCH "${FOLDER}/complete")
